# What a program that uses the library finds: header, library, CMake package
# (find_package(cardinal), target cardinal::cardinal) and pkg-config file. All
# of it may be moved with its prefix.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cardinal)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS libcardinal EXPORT cardinal
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT cardinal FILE cardinalConfig.cmake NAMESPACE cardinal::
    DESTINATION ${package_dir})

# Before 1.0 a new minor version may break programs.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/cardinalConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cardinalConfigVersion.cmake
    DESTINATION ${package_dir})

file(RELATIVE_PATH CARDINAL_PC_TO_PREFIX /prefix/${pkgconfig_dir} /prefix)
string(REGEX REPLACE "/$" "" CARDINAL_PC_TO_PREFIX "${CARDINAL_PC_TO_PREFIX}")
configure_file(cardinal.pc.in cardinal.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cardinal.pc DESTINATION ${pkgconfig_dir})
install(FILES ${PROJECT_SOURCE_DIR}/docs/man/libcardinal.3
    DESTINATION ${CMAKE_INSTALL_MANDIR}/man3)
